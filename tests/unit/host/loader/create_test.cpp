#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/guarded_call.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/dataset.hpp"
#include "kindred/encoder.hpp"
#include "kindred/eval_sampler.hpp"
#include "kindred/head.hpp"
#include "kindred/loss.hpp"
#include "kindred/metric.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {
namespace {

using nlohmann::json;
using testing::fixture_folder;
using ::testing::HasSubstr;
using ::testing::Not;

Catalog load(const std::string& name) {
  return Catalog::load(std::vector<std::string>{fixture_folder(name)});
}

/// The error of making `id` as an Interface.
template <class Interface>
PluginError creation_error(const Catalog& catalog, const std::string& kind, const std::string& id,
                           const json& params = json::object(), const Site& site = {}) {
  const auto* info = catalog.find(kind, id);
  if (info == nullptr) throw std::runtime_error("the fixture has no " + kind + " " + id);
  try {
    (void)catalog.create<Interface>(*info, params, site);
  } catch (const PluginError& error) {
    return error;
  }
  throw std::runtime_error("creating " + id + " did not fail");
}

TEST(Create, MakesAComponentOfEveryKind) {
  const auto catalog = load("good");
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1});

  const auto dataset =
      catalog.create<Dataset>(*catalog.find("dataset", "points"), {{"classes", 2}, {"origin", {1, 0}}});
  EXPECT_EQ(dataset->size(), 6);
  EXPECT_TRUE(at::allclose(dataset->read(4), at::tensor(std::vector<float>{2.0F, 0.01F})));

  Random random(1);
  const auto picture = at::arange(48, at::kByte).reshape({4, 4, 3});
  const auto invert = catalog.create<Transform>(*catalog.find("transform", "invert"), {});
  EXPECT_TRUE(at::equal(invert->apply(picture, random), 255 - picture));
  const auto crop = catalog.create<Transform>(*catalog.find("transform", "crop"), {{"size", 2}});
  EXPECT_TRUE(at::equal(crop->apply(picture, random), picture.narrow(0, 1, 2).narrow(1, 1, 2)));

  const auto encoder = catalog.create<Encoder>(*catalog.find("encoder", "scale"), {{"factor", 2}});
  EXPECT_TRUE(at::equal(encoder->encode({at::ones({2, 2}), {}}), at::full({2, 2}, 2.0F)));

  const auto head =
      catalog.create<Head>(*catalog.find("head", "diagonal"), {{"start", -3}, {"absolute", true}}, {5, 0, 0});
  EXPECT_EQ(head->output_dimension(), 5);
  EXPECT_TRUE(at::equal(head->forward(at::ones({1, 5})), at::full({1, 5}, 3.0F)));

  const auto loss = catalog.create<Loss>(*catalog.find("loss", "pull"), {{"margin", 1}});
  const auto points = at::tensor(std::vector<float>{0, 2, 9}).reshape({3, 1});
  EXPECT_FLOAT_EQ(loss->forward(points, labels).item<float>(), 6.0F / 5.0F);  // two of five pairs, 4 - 1 each

  const auto batches =
      catalog.create<BatchSampler>(*catalog.find("batch_sampler", "in_order"), {})->batches(labels, 0, 0);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[1].item<int64_t>(), 2);

  const auto queries = catalog.create<EvalSampler>(*catalog.find("eval_sampler", "every_nth"), {{"step", 2}})
                           ->queries(labels, 0);
  EXPECT_TRUE(at::equal(queries, at::tensor(std::vector<int64_t>{0, 2})));

  const auto metric = catalog.create<Metric>(*catalog.find("metric", "hit"), {{"k", 3}});
  EXPECT_EQ(metric->name(), "hit_at_3");
}

TEST(Create, TakesNullAsNoParameters) {
  const auto catalog = load("good");
  EXPECT_EQ(catalog.create<Metric>(*catalog.find("metric", "hit"), nullptr)->name(), "hit_at_1");
}

TEST(Create, ObjectsOutliveTheCatalog) {
  std::shared_ptr<Metric> metric;
  {
    const auto catalog = load("good");
    metric = catalog.create<Metric>(*catalog.find("metric", "hit"), {});
  }
  EXPECT_EQ(metric->name(), "hit_at_1");
}

TEST(Create, RefusesAnotherKind) {
  const auto error = creation_error<Metric>(load("good"), "loss", "pull");
  EXPECT_EQ(error.plugin(), "fixture");
  EXPECT_EQ(error.component(), "fixture.pull");
  EXPECT_EQ(error.phase(), "create");
  EXPECT_THAT(error.what(), HasSubstr("of kind loss, but a component of kind metric is needed"));
}

TEST(Create, RefusesAnotherRevisionOfTheInterface) {
  const auto error = creation_error<Loss>(load("wrong_revision"), "loss", "hand.made");
  EXPECT_EQ(error.plugin(), "hand");
  EXPECT_EQ(error.component(), "hand.made");
  EXPECT_THAT(error.what(), HasSubstr("revision 99 of the interface loss, this host has revision " +
                                      std::to_string(Loss::kRevision) + ": rebuild"));
}

TEST(Create, AKindThatTheHostDoesNotKnowIsListedAndNeverUsed) {
  const auto catalog = load("unknown_kind");
  ASSERT_NE(catalog.find("flux_capacitor", "hand.made"), nullptr);
  EXPECT_EQ(catalog.find("loss", "hand.made"), nullptr);
  EXPECT_THAT(creation_error<Loss>(catalog, "flux_capacitor", "hand.made").what(),
              HasSubstr("of kind flux_capacitor"));
}

TEST(Create, RefusesAComponentOfNoPlugin) {
  ComponentInfo info;
  info.kind = "loss";
  info.id = "made.up";
  EXPECT_THROW((void)Catalog().create<Loss>(info, {}), PluginError);
}

TEST(Create, ReportsEveryWrongParameter) {
  const auto error = creation_error<Loss>(load("good"), "loss", "pull", {{"margn", 1}, {"mining", "soft"}});
  EXPECT_THAT(error.message(), HasSubstr("did you mean \"margin\""));
  EXPECT_THAT(error.message(), HasSubstr("\"mining\" must be one of"));
}

TEST(Create, PassesAStringThatIsNotUtf8AsItIs) {
  const auto error = creation_error<Loss>(load("good"), "loss", "pull", {{"mining", "\xff\xfe"}});
  EXPECT_THAT(error.message(), HasSubstr("\"mining\" must be one of"));
  EXPECT_THAT(error.message(), HasSubstr(R"(\\xFF\\xFE)"));
}

TEST(Create, PassesTheSiteAndReportsWhatTheFactorySays) {
  const auto error = creation_error<Head>(load("good"), "head", "diagonal", json::object(), Site{0, 0, 0});
  EXPECT_EQ(error.component(), "fixture.diagonal");
  EXPECT_EQ(error.message(), "the head diagonal must know the dimension of its input");
}

TEST(Create, FactoriesThatThrowAnything) {
  const auto catalog = load("throwing");
  const auto error = creation_error<Loss>(catalog, "loss", "throwing.loss", {{"what", "error"}});
  EXPECT_EQ(error.plugin(), "throwing");
  EXPECT_EQ(error.component(), "throwing.loss");
  EXPECT_EQ(error.phase(), "create");
  EXPECT_STREQ(error.what(),
               "plugin throwing, component throwing.loss, phase create: the anchor file is empty");

  EXPECT_THAT(creation_error<Loss>(catalog, "loss", "throwing.loss", {{"what", "private"}}).message(),
              HasSubstr("not a std::exception"));
  const auto torch = creation_error<Loss>(catalog, "loss", "throwing.loss", {{"what", "torch"}}).message();
  EXPECT_THAT(torch, HasSubstr("the shapes differ"));
  EXPECT_THAT(torch, Not(HasSubstr("Exception raised from")));
}

TEST(Create, CallsThatThrowAnythingBecomePluginErrors) {
  const auto catalog = load("throwing");
  const auto& info = *catalog.find("loss", "throwing.loss");
  for (const auto& [what, words] :
       std::vector<std::pair<std::string, std::string>>{{"error", "the anchor file is empty"},
                                                        {"private", "not a std::exception"},
                                                        {"torch", "the shapes differ"},
                                                        {"memory", "memory ran out"}}) {
    const auto loss = catalog.create<Loss>(info, {{"what", what}, {"in_forward", true}});
    try {
      guard(info, "forward", [&] { return loss->forward(at::ones({1, 1}), at::zeros({1}, at::kLong)); });
      ADD_FAILURE() << what << " was not thrown";
    } catch (const PluginError& error) {
      EXPECT_EQ(error.plugin(), "throwing");
      EXPECT_EQ(error.component(), "throwing.loss");
      EXPECT_EQ(error.phase(), "forward");
      EXPECT_THAT(error.message(), HasSubstr(words));
      EXPECT_THAT(error.message(), Not(HasSubstr("Exception raised from")));
    }
  }
}

}  // namespace
}  // namespace kindred::host
