// Some package of others that guards its calls with the same library.
const { CircuitBreaker, circuits } = require('short-circuit')
const { ManualClock } = require('short-circuit/testing')

exports.CircuitBreaker = CircuitBreaker
exports.ManualClock = ManualClock
exports.circuits = circuits
