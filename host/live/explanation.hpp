// live/explanation.hpp: who would serve a model, and why, for people and programs that ask. Nothing
// is counted, and no conversation is kept with whoever it would be.
#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "pipeline/world.hpp"

namespace parley::live {

// `key` is the name of the client key that asks; empty: nobody in particular. No secrets.
base::Result<boost::json::object> explanation(const pipeline::World& world,
                                              const std::string& model,
                                              const std::string& key);

}  // namespace parley::live
