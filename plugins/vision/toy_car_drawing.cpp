#include "toy_car_drawing.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace kindred {
namespace {

using Points = std::vector<cv::Point2d>;
constexpr int kOversampling = 2;  // drawn larger and shrunk, for smooth edges
constexpr int kShift = 4;         // fractional bits of OpenCV's drawing coordinates

cv::Scalar random_colour(Random& random, double low, double high) {
  return {random.uniform(low, high), random.uniform(low, high), random.uniform(low, high)};
}

cv::Scalar shaded(const cv::Scalar& colour, double factor) {
  return {std::min(255.0, colour[0] * factor), std::min(255.0, colour[1] * factor),
          std::min(255.0, colour[2] * factor)};
}

/// Car coordinates (along the length, up from the ground) to pixels: mirrored, sheared and turned a little.
struct Viewpoint {
  double scale, x, y, angle, shear, squeeze;
  bool mirrored;

  cv::Point2d operator()(const cv::Point2d& p) const {
    const double along = ((mirrored ? 1 - p.x : p.x) - 0.5) * squeeze + shear * p.y;
    const double up = p.y;
    return {x + scale * (along * std::cos(angle) + up * std::sin(angle)),
            y + scale * (along * std::sin(angle) - up * std::cos(angle))};
  }
};

Viewpoint random_viewpoint(double size, Random& random) {
  Viewpoint view{};
  view.scale = size * random.uniform(0.78, 0.86);
  view.x = size * random.uniform(0.46, 0.54);
  view.y = size * random.uniform(0.66, 0.76);
  view.angle = random.uniform(-0.03, 0.03);
  view.shear = random.uniform(-0.05, 0.05);
  view.squeeze = random.uniform(0.94, 1.0);
  view.mirrored = random.chance(0.5);
  return view;
}

void fill(cv::Mat& canvas, const Points& outline, const Viewpoint& view, const cv::Scalar& colour) {
  std::vector<cv::Point> pixels;
  for (const auto& point : outline) {
    const auto p = view(point) * (1 << kShift);
    pixels.emplace_back(static_cast<int>(std::lround(p.x)), static_cast<int>(std::lround(p.y)));
  }
  cv::fillPoly(canvas, std::vector<std::vector<cv::Point>>{pixels}, colour, cv::LINE_AA, kShift);
}

void disc(cv::Mat& canvas, const cv::Point2d& center, double radius, const Viewpoint& view,
          const cv::Scalar& colour) {
  Points outline;
  for (int i = 0; i < 40; ++i) {
    const double a = 2 * CV_PI * i / 40;
    outline.emplace_back(center.x + radius * std::cos(a), center.y + radius * std::sin(a));
  }
  fill(canvas, outline, view, colour);
}

void draw_background(cv::Mat& canvas, double horizon, Random& random) {
  const auto sky_top = random_colour(random, 150, 230), sky_low = random_colour(random, 150, 230);
  const auto ground = random_colour(random, 80, 150);
  for (int y = 0; y < canvas.rows; ++y) {
    const double t = static_cast<double>(y) / canvas.rows;
    canvas.row(y).setTo(t < horizon ? sky_top * (1 - t / horizon) + sky_low * (t / horizon)
                                    : shaded(ground, 0.7 + 0.6 * (t - horizon)));
  }
  const auto blocks = random.below(4);
  for (int64_t i = 0; i < blocks; ++i) {
    const double left = random.uniform(-0.1, 1) * canvas.cols,
                 width = random.uniform(0.05, 0.3) * canvas.cols;
    const double top = random.uniform(0.2, 0.95) * horizon * canvas.rows;
    cv::rectangle(canvas, cv::Point2d(left, top), cv::Point2d(left + width, horizon * canvas.rows),
                  random_colour(random, 110, 200), cv::FILLED);
  }
}

void draw_wheel(cv::Mat& canvas, const CarShape& shape, double along, double turn, const cv::Scalar& rim,
                const Viewpoint& view) {
  const cv::Point2d center(along, shape.wheel_radius);
  disc(canvas, center, shape.wheel_radius, view, {25, 25, 25});
  const double inner = shape.wheel_radius * shape.rim;
  disc(canvas, center, inner, view, rim);
  for (int i = 0; i < shape.spokes; ++i) {
    const double a = turn + 2 * CV_PI * i / shape.spokes, half = 0.5 * CV_PI / shape.spokes;
    fill(canvas,
         {center + 0.25 * inner * cv::Point2d(std::cos(a), std::sin(a)),
          center + 0.9 * inner * cv::Point2d(std::cos(a - half), std::sin(a - half)),
          center + 0.9 * inner * cv::Point2d(std::cos(a + half), std::sin(a + half))},
         view, {50, 50, 50});
  }
}

void draw_windows(cv::Mat& canvas, const CarShape& s, const cv::Scalar& glass, const Viewpoint& view) {
  const double top = s.height - 0.03, low = s.belt;
  const auto edge = [&](double foot, double roof, double foot_height, double y) {
    return foot + (roof - foot) * (y - foot_height) / (s.height - foot_height);
  };
  const double gap = s.pillar;
  const double left_low = edge(s.windscreen_foot, s.windscreen_top, s.hood_height, low) + gap;
  const double left_top = edge(s.windscreen_foot, s.windscreen_top, s.hood_height, top) + gap;
  const double right_low = edge(s.rear_foot, s.rear_top, s.deck_height, low) - gap;
  const double right_top = edge(s.rear_foot, s.rear_top, s.deck_height, top) - gap;
  for (int i = 0; i < s.windows; ++i) {
    const double a = static_cast<double>(i) / s.windows, b = static_cast<double>(i + 1) / s.windows;
    const double inset = gap / 2;
    fill(canvas,
         {{left_low + (right_low - left_low) * a + inset, low},
          {left_top + (right_top - left_top) * a + inset, top},
          {left_top + (right_top - left_top) * b - inset, top},
          {left_low + (right_low - left_low) * b - inset, low}},
         view, glass);
  }
}

void draw_body(cv::Mat& canvas, const CarShape& s, const cv::Scalar& paint, const Viewpoint& view) {
  fill(canvas,
       {{0, s.clearance},
        {0, s.nose_height},
        {0.03, s.nose_height + 0.01},
        {s.windscreen_foot, s.hood_height},
        {s.windscreen_top, s.height},
        {s.rear_top, s.height},
        {s.rear_foot, s.deck_height},
        {0.98, s.tail_height + 0.01},
        {1, s.tail_height},
        {1, s.clearance}},
       view, paint);
  fill(canvas,
       {{0.01, s.clearance}, {0.01, s.clearance + 0.04}, {0.99, s.clearance + 0.04}, {0.99, s.clearance}},
       view, shaded(paint, 0.6));
  if (s.stripe) {
    const double y = 0.5 * (s.clearance + s.belt) + 0.03;
    fill(canvas, {{0.05, y}, {0.05, y + 0.015}, {0.95, y + 0.015}, {0.95, y}}, view, shaded(paint, 0.5));
  }
}

void add_noise(cv::Mat& image, Random& random) {
  const double light = random.uniform(0.75, 1.2), strength = random.uniform(2, 8);
  for (int y = 0; y < image.rows; ++y) {
    auto* row = image.ptr<uint8_t>(y);
    for (int x = 0; x < image.cols * 3; ++x) {
      const double noise = (random.uniform() + random.uniform() + random.uniform() - 1.5) * 2 * strength;
      row[x] = cv::saturate_cast<uint8_t>(row[x] * light + noise);
    }
  }
}

}  // namespace

CarShape random_shape(Random& random) {
  CarShape s{};
  s.clearance = random.uniform(0.05, 0.11);
  s.height = random.uniform(0.30, 0.46);
  s.belt = s.height * random.uniform(0.56, 0.68);
  s.hood_height = s.belt * random.uniform(0.84, 1.0);
  s.deck_height = s.belt * random.uniform(0.84, 1.02);
  s.nose_height = s.hood_height * random.uniform(0.62, 0.9);
  s.tail_height = s.deck_height * random.uniform(0.75, 0.97);
  s.windscreen_foot = random.uniform(0.14, 0.36);
  s.windscreen_top = s.windscreen_foot + random.uniform(0.08, 0.20);
  s.rear_foot = random.uniform(0.78, 0.98);
  s.rear_top = std::max(s.windscreen_top + 0.15, s.rear_foot - random.uniform(0.03, 0.22));
  s.rear_foot = std::max(s.rear_foot, s.rear_top + 0.02);
  s.front_wheel = random.uniform(0.14, 0.24);
  s.rear_wheel = random.uniform(0.74, 0.85);
  s.wheel_radius = random.uniform(0.065, 0.10);
  s.rim = random.uniform(0.5, 0.8);
  s.spokes = static_cast<int>(3 + random.below(5));
  s.windows = static_cast<int>(1 + random.below(3));
  s.pillar = random.uniform(0.015, 0.035);
  s.lamp = random.uniform(0.02, 0.05);
  s.stripe = random.chance(0.4);
  return s;
}

at::Tensor draw_car(const CarShape& shape, int side, Random& random) {
  const int size = side * kOversampling;
  cv::Mat canvas(size, size, CV_8UC3);
  const auto view = random_viewpoint(size, random);
  draw_background(canvas, random.uniform(0.35, 0.65), random);
  const auto paint = random_colour(random, 30, 240);
  const auto glass = shaded(random_colour(random, 60, 140), random.uniform(0.6, 1.3));
  const auto rim = random_colour(random, 120, 220);

  fill(canvas, {{-0.02, -0.02}, {0.02, 0.03}, {0.98, 0.03}, {1.02, -0.02}}, view,
       {35, 35, 35});  // its shadow
  draw_body(canvas, shape, paint, view);
  draw_windows(canvas, shape, glass, view);
  disc(canvas, {0.03, shape.nose_height - shape.lamp}, shape.lamp * 0.8, view, {235, 235, 200});
  disc(canvas, {0.975, shape.tail_height - shape.lamp}, shape.lamp * 0.7, view, {190, 30, 30});
  const double turn = random.uniform(0, 2 * CV_PI);
  draw_wheel(canvas, shape, shape.front_wheel, turn, rim, view);
  draw_wheel(canvas, shape, shape.rear_wheel, turn + 1, rim, view);

  auto out = at::empty({side, side, 3}, at::kByte);
  cv::Mat image(side, side, CV_8UC3, out.data_ptr());
  cv::resize(canvas, image, {side, side}, 0, 0, cv::INTER_AREA);
  add_noise(image, random);
  return out;
}

}  // namespace kindred
