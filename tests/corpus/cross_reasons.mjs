// Differences between what two SDKs make of one reply that are no loss of Parley's, each with its
// reason. Whatever is not here is a fault.

const kRules = [];

/** Why a field differs; undefined when there is no good reason. */
export function reasonFor(difference) {
  return kRules.find((rule) => rule.holds(difference))?.why;
}
