#include "host/training/batch_statistics.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "../distributed/thread_communicator.hpp"
#include "host/distributed/local_communicator.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// A head whose statistics are those of all processes, or whose are its own.
class MadeNorm final : public Head, public SharesStatistics {
 public:
  explicit MadeNorm(bool shares) : shares_(shares) {}
  int64_t output_dimension() const override { return 2; }
  at::Tensor forward(const at::Tensor& x) override {
    auto sum = x.sum(0);
    if (sum_) sum_->add_up(sum);
    return x - sum;
  }
  std::vector<NamedTensor> buffers() override { return {{"mean", mean_}}; }
  bool share_statistics(std::shared_ptr<const SumOverProcesses> sum) override {
    if (shares_) sum_ = std::move(sum);
    return shares_;
  }

 private:
  const bool shares_;
  at::Tensor mean_ = at::zeros({2});
  std::shared_ptr<const SumOverProcesses> sum_;
};

/// A head that is fitted, whose buffers are what it was fitted to.
class MadeFit final : public Head {
 public:
  int64_t output_dimension() const override { return 2; }
  at::Tensor forward(const at::Tensor& x) override { return x - mean_; }
  std::vector<NamedTensor> buffers() override { return {{"mean", mean_}}; }
  bool needs_fit() const override { return true; }
  void fit(const at::Tensor& embeddings, const at::Tensor&) override { mean_.copy_(embeddings.mean(0)); }

 private:
  at::Tensor mean_ = at::zeros({2});
};

struct Made {
  explicit Made(bool shares = true) : norm(std::make_shared<MadeNorm>(shares)) {
    model.heads.stages.push_back({"acme.fit", "acme", std::make_shared<MadeFit>()});
    model.heads.stages.push_back({"acme.norm", "acme", norm});
    model.heads.fit(at::zeros({3, 2}), at::zeros({3}, at::kLong));  // as a run does before it trains
  }
  Model model;
  std::shared_ptr<MadeNorm> norm;
};

/// Runs `work` as two processes, each with a model and its statistics.
template <class Work>
void as_two(bool in_parts, Work&& work) {
  as_group(2, [&](Communicator& communicator) {
    Made made;
    BatchStatistics statistics(made.model, {}, communicator, in_parts);
    work(communicator.rank(), made, statistics);
  });
}

/// What the head makes of a row of ones.
at::Tensor of_ones(Made& made) { return made.norm->forward(at::ones({1, 2})); }

TEST(BatchStatistics, are_those_of_the_whole_batch_while_it_trains) {
  as_two(false, [](int64_t, Made& made, BatchStatistics& statistics) {
    EXPECT_TRUE(at::equal(of_ones(made), at::zeros({1, 2}))) << "before the first batch";
    statistics.begin_batch(1);
    EXPECT_TRUE(at::equal(of_ones(made), at::full({1, 2}, -1.0)));
    statistics.end();
    EXPECT_TRUE(at::equal(of_ones(made), at::zeros({1, 2})));
    const auto text = statistics.description();
    EXPECT_NE(text.find("acme.norm divide by the statistics of the whole batch"), std::string::npos) << text;
    EXPECT_EQ(text.find("acme.fit"), std::string::npos) << text;
  });
}

TEST(BatchStatistics, are_each_ones_own_where_a_process_has_no_samples) {
  as_two(false, [](int64_t rank, Made& made, BatchStatistics& statistics) {
    statistics.begin_batch(rank);
    if (rank == 1) {
      EXPECT_TRUE(at::equal(of_ones(made), at::zeros({1, 2})));
    }
    statistics.begin_batch(1);
    EXPECT_TRUE(at::equal(of_ones(made), at::full({1, 2}, -1.0))) << "and the next batch is shared again";
  });
}

TEST(BatchStatistics, are_each_ones_own_in_parts) {
  as_two(true, [](int64_t, Made& made, BatchStatistics& statistics) {
    statistics.begin_batch(1);
    EXPECT_TRUE(at::equal(of_ones(made), at::zeros({1, 2})));
    const auto text = statistics.description();
    EXPECT_NE(text.find("acme.norm divide by the statistics of each part of a batch"), std::string::npos)
        << text;
  });
}

TEST(BatchStatistics, say_which_component_keeps_to_its_own) {
  MeetingPoint point(2);
  ThreadCommunicator communicator(point, 0);
  const Made made(false);
  const auto text = BatchStatistics(made.model, {}, communicator, false).description();
  EXPECT_NE(text.find("acme.norm divide by the statistics of each process's samples"), std::string::npos)
      << text;
}

TEST(BatchStatistics, of_a_process_alone_are_its_own) {
  LocalCommunicator alone;
  Made made;
  BatchStatistics statistics(made.model, {}, alone, false);
  statistics.begin_batch(1);
  EXPECT_TRUE(at::equal(of_ones(made), at::zeros({1, 2})));
  EXPECT_EQ(statistics.description(), "");
}

/// A communicator whose other process is gone.
class BrokenCommunicator final : public Communicator {
 public:
  int64_t rank() const override { return 0; }
  int64_t size() const override { return 2; }
  void barrier() override {}
  void all_reduce_sum(at::Tensor&) override { throw Error("rank 1 is missing"); }
  at::Tensor all_gather(const at::Tensor& tensor) override { return tensor; }
  void broadcast(at::Tensor&) override {}
  bool any(bool mine) override { return mine; }
};

TEST(BatchStatistics, a_failure_is_not_the_fault_of_who_asked) {
  BrokenCommunicator broken;
  Made made;
  BatchStatistics statistics(made.model, {}, broken, false);
  statistics.begin_batch(1);
  EXPECT_NO_THROW(statistics.rethrow_failure());
  EXPECT_THROW(of_ones(made), Error);
  EXPECT_THROW(statistics.rethrow_failure(), Error);
}

}  // namespace
}  // namespace kindred::host
