/* parley/all.h: the whole border. A plugin includes the headers of its kinds instead. */
#ifndef PARLEY_ALL_H
#define PARLEY_ALL_H

#include "parley/abi.h"
#include "parley/dialect.h"
#include "parley/event.h"
#include "parley/filter.h"
#include "parley/host.h"
#include "parley/http.h"
#include "parley/login.h"
#include "parley/manifest.h"
#include "parley/observer.h"
#include "parley/op.h"
#include "parley/policy.h"
#include "parley/provider.h"
#include "parley/request.h"
#include "parley/state.h"
#include "parley/store.h"

#endif
