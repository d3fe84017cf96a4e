/* The four steps of a Cholesky factorisation in tiles, A = L L^T with L lower triangular, and a
 * matrix to begin with.
 *
 * A tile has N x N elements by columns: row i of column j is at j * N + i. Rows and columns are
 * worked on in blocks of 8; a work-item holds 8 rows at a time. Sums are in a fixed order. */
#pragma OPENCL FP_CONTRACT OFF
#ifndef N
#define N 192 /* a multiple of 8 */
#endif
#ifdef IS_DOUBLE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double real;
typedef double8 real8;
#else
typedef float real;
typedef float8 real8;
#endif

/* The tile of a symmetric matrix whose first element is at (row, column): multiples of 1/1024 below
 * 1, and `diagonal` more on the diagonal. One work-item per element; cholesky.c has the same. */
__kernel void fill(__global real *tile, int row, int column, int diagonal)
{
    uint i = row + (uint)get_global_id(0), j = column + (uint)get_global_id(1);
    uint hash = max(i, j) * 2654435761u + min(i, j);
    hash = (hash ^ (hash >> 15)) * 2246822519u;
    hash = (hash ^ (hash >> 13)) * 3266489917u;
    tile[(j - column) * N + i - row] = (real)(hash >> 22) / 1024 + (i == j ? diagonal : 0);
}

/* The block at (i, j) less rows i of `left` times rows j of `right`, of their first n columns. */
void reduce(__global const real *left, __global const real *right, __global real *tile, int i,
            int j, int n)
{
    real8 sums[8];
    for (int c = 0; c < 8; c++)
        sums[c] = vload8(0, tile + (j + c) * N + i);
    for (int k = 0; k < n; k++) {
        real8 column = vload8(0, left + k * N + i);
        for (int c = 0; c < 8; c++)
            sums[c] -= column * right[k * N + j + c];
    }
    for (int c = 0; c < 8; c++)
        vstore8(sums[c], 0, tile + (j + c) * N + i);
}

/* The block at (i, j) times the inverse of the transposed block at (j, j) of `triangle`. */
void solve(__global const real *triangle, __global real *tile, int i, int j)
{
    for (int c = 0; c < 8; c++) {
        real8 column = vload8(0, tile + (j + c) * N + i);
        for (int d = 0; d < c; d++)
            column -= vload8(0, tile + (j + d) * N + i) * triangle[(j + d) * N + j + c];
        vstore8(column / triangle[(j + c) * N + j + c], 0, tile + (j + c) * N + i);
    }
}

/* The factor of the block at (j, j), in place. */
void factor(__global real *tile, int j)
{
    for (int c = j; c < j + 8; c++) {
        for (int d = j; d < c; d++)
            for (int r = c; r < j + 8; r++)
                tile[c * N + r] -= tile[d * N + r] * tile[d * N + c];
        tile[c * N + c] = sqrt(tile[c * N + c]);
        for (int r = c + 1; r < j + 8; r++)
            tile[c * N + r] /= tile[c * N + c];
    }
}

/* tile := its own factor. One group of N / 8 work-items. */
__kernel void potrf(__global real *tile)
{
    int i = 8 * (int)get_local_id(0);
    for (int j = 0; j < N; j += 8) {
        if (i >= j)
            reduce(tile, tile, tile, i, j, j);
        barrier(CLK_GLOBAL_MEM_FENCE);
        if (i == j)
            factor(tile, j);
        barrier(CLK_GLOBAL_MEM_FENCE);
        if (i > j)
            solve(tile, tile, i, j);
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}

/* tile := tile times the inverse of the transposed triangle. N / 8 work-items. */
__kernel void trsm(__global const real *triangle, __global real *tile)
{
    int i = 8 * (int)get_global_id(0);
    for (int j = 0; j < N; j += 8) {
        reduce(tile, triangle, tile, i, j, j);
        solve(triangle, tile, i, j);
    }
}

/* tile := tile - left left^T, lower blocks. N / 8 x N / 8 work-items. */
__kernel void syrk(__global const real *left, __global real *tile)
{
    int i = 8 * (int)get_global_id(0), j = 8 * (int)get_global_id(1);
    if (i >= j)
        reduce(left, left, tile, i, j, N);
}

/* tile := tile - left right^T. N / 8 x N / 8 work-items. */
__kernel void gemm(__global const real *left, __global const real *right, __global real *tile)
{
    reduce(left, right, tile, 8 * (int)get_global_id(0), 8 * (int)get_global_id(1), N);
}
