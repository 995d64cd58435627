// QLAB_HD marks a kernel body that g++ and nvcc both compile, so that the CPU runs the very function the GPU runs.
// SPDX-License-Identifier: MIT
#pragma once

#ifdef __CUDACC__
#define QLAB_HD __host__ __device__
#else
#define QLAB_HD
#endif
