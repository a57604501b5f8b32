import dependency from 'dependency'
import { CircuitBreaker, circuits } from 'short-circuit'

const same: boolean =
  dependency.CircuitBreaker === CircuitBreaker && dependency.circuits === circuits
if (!same) throw new Error('the program and its dependency have different copies')
console.log(await new CircuitBreaker().run(async () => 'same copy'))
