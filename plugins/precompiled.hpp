// precompiled.hpp: what nearly every unit of a bundled plugin includes of the standard library.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>
