import type { Closed } from './closed.ts'
import type { HalfOpen } from './half-open.ts'
import type { Open } from './open.ts'

/** Each state owns its own evidence; a transition replaces the object and so starts afresh. */
export type State = Closed | Open | HalfOpen
