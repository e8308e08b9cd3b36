// command/commands.hpp: one function for each command; each returns the exit status.
#pragma once

#include "command/options.hpp"

namespace parley::command {

int serve(const Options& options);
int check(const Options& options);
int explain(const Options& options);
int import(const Options& options);
int export_accounts(const Options& options);
int login(const Options& options);
int logout(const Options& options);
int account_list(const Options& options);
int account_show(const Options& options);
int account_disable(const Options& options);
int account_enable(const Options& options);
int account_remove(const Options& options);
int account_test(const Options& options);
int key_new(const Options& options);
int key_hash(const Options& options);
int key_list(const Options& options);
int key_revoke(const Options& options);
int store_status(const Options& options);
int store_pull(const Options& options);
int store_copy(const Options& options);
int store_verify(const Options& options);
int store_export(const Options& options);
int store_import(const Options& options);
int store_rekey(const Options& options);
int plugin_list(const Options& options);
int plugin_info(const Options& options);
int plugin_new(const Options& options);
int plugin_check(const Options& options);
int plugin_replay(const Options& options);
int plugin_bench(const Options& options);
int plugin_diff(const Options& options);
int plugin_sign(const Options& options);
int plugin_trust(const Options& options);

// Asked of a Parley that runs.
int status(const Options& options);
int reload(const Options& options);
int upgrade(const Options& options);
int account_state(const Options& options);
int account_clear(const Options& options);
int plugin_status(const Options& options);
int plugin_load(const Options& options);
int plugin_rollback(const Options& options);
int plugin_disable(const Options& options);

}  // namespace parley::command
