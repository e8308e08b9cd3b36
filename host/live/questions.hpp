// live/questions.hpp: what an operator may ask of the running house: how it goes, and what to do.
#pragma once

#include "live/house.hpp"
#include "live/plugins.hpp"
#include "live/reload.hpp"
#include "live/stock.hpp"
#include "manage/control.hpp"

namespace parley::live {

// All must outlive the control. Without a store, `stock` is null.
void add_questions(
    manage::Control& control, House& house, Reload& reload, Plugins& plugins, Stock* stock);

}  // namespace parley::live
