// Nothing of its own: what precompiled.hpp names is compiled with it.
