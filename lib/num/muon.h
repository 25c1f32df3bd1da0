/*
 * muon.h - orthogonalised momentum for matrices.
 *
 * The update is the momentum with its singular values pushed to about 1 by
 * five Newton-Schulz steps with the quintic coefficients of Jordan et al.
 * (2024, Muon), scaled by 0.2 sqrt(max(rows, cols)) so that its root mean
 * square matches AdamW's and one learning rate serves both (Liu et al. 2025,
 * Muon is scalable, 2.2).
 */
#ifndef LU_MUON_H
#define LU_MUON_H

#include "num/ffn.h"

/* 1 for the matrices between embedding and head. */
int muon_applies(const struct ffn_param *p);

/* Floats of scratch that the largest of them needs. */
size_t muon_scratch(const struct ffn *f);

/* One step on w[rows,cols] with gradient g and momentum m (0.95, Nesterov). */
void muon_step(const struct kern *k, float *w, const float *g, float *m,
               float *scratch, int rows, int cols, float lr, float decay);

#endif
