// SplitMix64 (Steele, Lea and Flood 2014): one step, a permutation of the 64-bit numbers. C, because the kernel's
// program that sends frames uses it, too. Pure.
#pragma once

#include <linux/types.h>

static inline __u64 split_mix(__u64 value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}
