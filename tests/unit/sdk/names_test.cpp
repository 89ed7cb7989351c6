#include "kindred/io/names.hpp"

#include <gtest/gtest.h>

namespace kindred {
namespace {

TEST(Names, are_the_same_in_every_spelling) {
  for (const auto* name : {"TripletMarginLoss", "triplet_margin", "tripletmargin", "Triplet-Margin",
                           "triplet margin", "TRIPLET_MARGIN_LOSS", "TripletMarginMiner"})
    EXPECT_EQ(plain_name(name), "tripletmargin") << name;
  EXPECT_EQ(plain_name("MPerClassSampler"), "mperclass");
  EXPECT_EQ(plain_name("Recall@K"), "recallatk");
  EXPECT_EQ(plain_name("Loss"), "loss") << "nothing would be left";
}

TEST(Names, of_parameters_are_found_under_other_words) {
  const std::vector<std::string> optimizer = {"type", "lr", "weight_decay"};
  EXPECT_EQ(same_name("learning_rate", optimizer), "lr");
  EXPECT_EQ(same_name("LearningRate", optimizer), "lr");
  EXPECT_EQ(same_name("weightDecay", optimizer), "weight_decay");
  EXPECT_EQ(same_name("momentum", optimizer), "");
  EXPECT_EQ(same_name("tau", {"temperature"}), "temperature");
  EXPECT_EQ(same_name("tau", {"margin"}), "") << "a word for what is not there";
  EXPECT_EQ(same_name("m", {"classes", "samples"}), "samples");
  EXPECT_EQ(same_name("m", {"margin", "samples"}), "margin");
  EXPECT_EQ(same_name("loss", {"loss_lr", "loss"}), "loss");
}

}  // namespace
}  // namespace kindred
