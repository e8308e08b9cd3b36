// Nothing of its own: what tests.hpp names is compiled with it.
