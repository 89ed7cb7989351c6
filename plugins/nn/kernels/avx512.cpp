// Compiled with -march=x86-64-v4.
#include "nn/kernels/matrix_block.hpp"
#include "nn/kernels/strip_block.hpp"
#include "nn/kernels/winograd_block.hpp"

namespace kindred::nn {

typedef float Vector __attribute__((vector_size(64)));

ProcessorKernels avx512_kernels() {
  return {InstructionSet::avx512,
          14,
          kPanelVectors * 16,
          {multiply_block<Vector, 14, 2>, multiply_block<Vector, 7, 2>, multiply_block<Vector, 3, 2>,
           multiply_block<Vector, 1, 2>},
          {multiply_block<Vector, 14, 1>, multiply_block<Vector, 7, 1>, multiply_block<Vector, 3, 1>,
           multiply_block<Vector, 1, 1>},
          convolve_strip<Vector>,
          transform_inputs<Vector>,
          transform_gradients<Vector>,
          transform_outputs<Vector>};
}

}  // namespace kindred::nn
