// Two copies would be two registries, and errors of one no instances of the classes of the other.

import dependency from 'dependency'
import { CircuitBreaker, circuits } from 'short-circuit'
import { ManualClock } from 'short-circuit/testing'

const same =
  dependency.CircuitBreaker === CircuitBreaker &&
  dependency.circuits === circuits &&
  dependency.ManualClock === ManualClock
if (!same) throw new Error('the program and its dependency have different copies')
console.log(await new CircuitBreaker().run(async () => 'same copy'))
