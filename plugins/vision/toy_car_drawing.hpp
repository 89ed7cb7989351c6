#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/random.hpp"

namespace kindred {

/// What all pictures of one model share: its side view, in units of the car's length.
struct CarShape {
  double height;                                                ///< of the roof over the ground
  double clearance;                                             ///< under the body
  double belt;                                                  ///< height of the lower edge of the windows
  double hood_height, deck_height;                              ///< where hood and boot lid meet the cabin
  double nose_height, tail_height;                              ///< at the two ends of the body
  double windscreen_foot, windscreen_top, rear_top, rear_foot;  ///< places along the length
  double front_wheel, rear_wheel;                               ///< places along the length
  double wheel_radius, rim;                                     ///< rim: share of the radius
  int spokes;
  int windows;    ///< 1 to 3 panes
  double pillar;  ///< width between panes
  double lamp;    ///< size of the lamps
  bool stripe;    ///< a line along the side
};

/// Models differ by what is drawn from `random`.
CarShape random_shape(Random& random);

/// One picture uint8 (side, side, 3) of a model: colour, side, viewpoint, place, light, background and noise
/// come from `random` and tell nothing about the model.
at::Tensor draw_car(const CarShape& shape, int side, Random& random);

}  // namespace kindred
