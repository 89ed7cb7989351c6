#include <filesystem>

#include "../../plugins/vision/gradient_image.hpp"
#include "../../plugins/vision/tar_writing.hpp"
#include "kindred/io/file.hpp"

/// picture_dataset_files FOLDER: writes a miniature of every layout that the plugin vision reads.
namespace kindred {
namespace {
namespace fs = std::filesystem;

constexpr int kPictures = 4;

void write_cub200(const std::string& root) {
  std::string images, labels, splits, boxes;
  for (int i = 1; i <= kPictures; ++i) {
    const auto number = std::to_string(i);
    const std::string picture = (i % 2 == 0 ? "001.Albatross/" : "002.Wren/") + number + ".jpg";
    write_picture(root + "/images/" + picture);
    images.append(number).append(" ").append(picture).append("\n");
    labels.append(number).append(i % 2 == 0 ? " 1\n" : " 2\n");
    splits.append(number).append(" 1\n");
    boxes.append(number).append(" 4.0 3.0 10.0 12.0\n");
  }
  write_file_atomically(root + "/images.txt", images);
  write_file_atomically(root + "/image_class_labels.txt", labels);
  write_file_atomically(root + "/train_test_split.txt", splits);
  write_file_atomically(root + "/bounding_boxes.txt", boxes);
  write_file_atomically(root + "/classes.txt", "1 001.Albatross\n2 002.Wren\n");
}

void write_online_products(const std::string& root) {
  const std::string header = "image_id class_id super_class_id path\n";
  write_picture(root + "/bicycle_final/1_0.JPG");
  write_picture(root + "/bicycle_final/1_1.JPG");
  write_picture(root + "/chair_final/2_0.JPG");
  write_file_atomically(root + "/Ebay_train.txt",
                        header + "1 1 1 bicycle_final/1_0.JPG\n2 1 1 bicycle_final/1_1.JPG\n");
  write_file_atomically(root + "/Ebay_test.txt", header + "59552 11319 2 chair_final/2_0.JPG\n");
}

void write_in_shop(const std::string& root) {
  std::string partition = std::to_string(kPictures) + "\nimage_name item_id evaluation_status\n";
  std::string boxes = std::to_string(kPictures) + "\nimage_name clothes_type pose_type x_1 y_1 x_2 y_2\n";
  const char* const rows[kPictures][2] = {{"id_00000001", "train"},
                                          {"id_00000001", "train"},
                                          {"id_00000002", "query"},
                                          {"id_00000002", "gallery"}};
  for (int i = 0; i < kPictures; ++i) {
    const auto name = std::string("img/MEN/Denim/") + rows[i][0] + "/" + std::to_string(i) + "_front.png";
    write_picture(root + "/Img/" + name);
    partition.append(name).append("  ").append(rows[i][0]).append("  ").append(rows[i][1]).append("\n");
    boxes.append(name).append(" 3 1 002 003 012 013\n");
  }
  fs::create_directories(root + "/Eval");
  fs::create_directories(root + "/Anno");
  write_file_atomically(root + "/Eval/list_eval_partition.txt", partition);
  write_file_atomically(root + "/Anno/list_bbox_inshop.txt", boxes);
}

void write_lists_and_shards(const std::string& root) {
  std::string csv = "path,label,x_1,y_1,x_2,y_2,title\n", jsonl, shards[2];
  for (int i = 0; i < kPictures; ++i) {
    const auto number = std::to_string(i);
    const std::string label = i % 2 == 0 ? "ant" : "zebra";
    const auto picture = root + "/" + number + ".png";
    write_picture(picture, static_cast<unsigned char>(i));
    csv.append(number).append(".png,").append(label).append(",1,2,9,8,car ").append(number).append("\n");
    jsonl.append(R"({"path": ")").append(number).append(R"(.png", "label": ")").append(label);
    jsonl.append(R"(", "box": [1, 2, 9, 8]})").append("\n");
    shards[i % 2].append(entry(number + ".png", read_file(picture))).append(entry(number + ".cls", label));
  }
  write_file_atomically(root + "/list.csv", csv);
  write_file_atomically(root + "/list.jsonl", jsonl);
  fs::create_directories(root + "/shards");
  for (int i = 0; i < 2; ++i) {
    write_file_atomically(root + "/shards/" + std::to_string(i) + ".tar", shards[i] + kEnd);
  }
}

}  // namespace
}  // namespace kindred

int main(int, char** argv) {
  const std::string folder = argv[1];
  kindred::write_cub200(folder + "/cub200");
  kindred::write_online_products(folder + "/stanford_online_products");
  kindred::write_in_shop(folder + "/in_shop");
  kindred::write_lists_and_shards(folder + "/lists");
}
