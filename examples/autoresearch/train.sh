#!/bin/sh
# train.sh - one experiment: train for the budget, leave model.ckpt here.
#
# The loop sets AR_REPO (where data/ lies) and AR_BUDGET (seconds).
set -eu
cd "$(dirname "$0")"
exec ffn-train -f train.conf -b "${AR_BUDGET:-15}" -o model.ckpt \
    "${AR_REPO:-.}/data/train.txt"
