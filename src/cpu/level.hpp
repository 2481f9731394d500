// What every file compiled for one instruction-set level starts with: the level's namespace.
// A level's code lives in takt::cpu::<level> alone and calls nothing inline that others share (but
// what is always inlined), so that the linker never keeps its copy of a function for everybody.
#pragma once

#include <takt/math.hpp>

#include "cpu/inline.hpp"

#ifdef __FAST_MATH__
#error "the CPU path rounds by adding and subtracting and promises NaN: no -ffast-math"
#endif
#ifndef TAKT_CPU_LEVEL
#error "compile this file once for each instruction-set level, with TAKT_CPU_LEVEL=v2 and so on"
#endif
