// check/rules.hpp: the checks, by subject.
#pragma once

#include "check/trial.hpp"

namespace parley::check {

// Loading and unloading.
void loads(Trial& trial);
void leaves_the_process_alone(Trial& trial);
void says_what_its_manifest_says(Trial& trial);
void describes_its_settings(Trial& trial);
void begins_and_ends_again(Trial& trial);
void knows_no_unknown_ids(Trial& trial);
void goes_when_unloaded(Trial& trial);
void leaves_nothing_behind(Trial& trial);
void lives_beside_itself(Trial& trial);

// A plugin and its host.
void bears_other_hosts(Trial& trial);
void calls_its_host_by_the_rules(Trial& trial);

// Components of any kind.
void describes_itself_the_same(Trial& trial);
void creates_quietly(Trial& trial);
void bears_any_settings(Trial& trial);
void bears_every_life(Trial& trial);
void prints_nothing(Trial& trial);
void keeps_secrets(Trial& trial);
void bears_full_arenas(Trial& trial);

// Dialects.
void request_comes_back(Trial& trial);
void reads_any_chop(Trial& trial);
void ends_every_stream(Trial& trial);
void bears_early_ends(Trial& trial);
void reads_what_it_writes(Trial& trial);
void ignores_unknown_events(Trial& trial);
void bears_any_bytes(Trial& trial);
void says_the_same_twice(Trial& trial);
void says_every_error(Trial& trial);
void stays_as_fast(Trial& trial);

// Filters.
void filters_by_the_rules(Trial& trial);

// Providers and logins.
void plans_without_leaks(Trial& trial);
void classifies_everything(Trial& trial);
void plans_the_same_twice(Trial& trial);
void ops_bear_everything(Trial& trial);
void reads_what_it_published(Trial& trial);

// Stores.
void keeps_documents(Trial& trial);
void tells_changes(Trial& trial);
void leases_once(Trial& trial);
void lists_whole(Trial& trial);

void keeps_what_it_kept(Trial& trial);

// Generations, and what they hand over.
void hands_over_the_same(Trial& trial);
void bears_any_state(Trial& trial);
void follows_itself_under_traffic(Trial& trial);
void changes_hands(Trial& trial);

// Policies and observers.
void picks_in_range(Trial& trial);
void observes_anything(Trial& trial);

}  // namespace parley::check
