// Everything a program needs to run recurrent networks with takt.
#pragma once

#include <takt/array.hpp>
#include <takt/cells.hpp>
#include <takt/data.hpp>
#include <takt/device.hpp>
#include <takt/error.hpp>
#include <takt/plan.hpp>
#include <takt/spec.hpp>
#include <takt/status.hpp>
#include <takt/types.hpp>
#include <takt/version.hpp>
#include <takt/weights.hpp>
