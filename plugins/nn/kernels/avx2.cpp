// Compiled with -march=x86-64-v3.
#include "nn/kernels/matrix_block.hpp"
#include "nn/kernels/strip_block.hpp"
#include "nn/kernels/winograd_block.hpp"

namespace kindred::nn {

typedef float Vector __attribute__((vector_size(32)));

ProcessorKernels avx2_kernels() {
  return {InstructionSet::avx2,
          6,
          kPanelVectors * 8,
          {multiply_block<Vector, 6, 2>, multiply_block<Vector, 3, 2>, multiply_block<Vector, 1, 2>},
          {multiply_block<Vector, 6, 1>, multiply_block<Vector, 3, 1>, multiply_block<Vector, 1, 1>},
          convolve_strip<Vector>,
          transform_inputs<Vector>,
          transform_gradients<Vector>,
          transform_outputs<Vector>};
}

}  // namespace kindred::nn
