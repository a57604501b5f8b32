import fc from 'fast-check'
import { heard, patch, type Step, step } from './operations.ts'
import type { Heard, Mode } from './reference-model.ts'
import type { ModelSettings } from './settings.ts'
import { WAYS } from './shapes.ts'

/** One thing to do with a breaker. Calls are named by their place among those in flight. */
export type PublicOperation =
  | { readonly do: 'start'; readonly way: string }
  | { readonly do: 'call'; readonly way: string; readonly heard: Heard }
  | { readonly do: 'end'; readonly which: number; readonly heard: Heard }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'clock'; readonly step: Step }
  | { readonly do: 'trip' }
  | { readonly do: 'reset' }
  | { readonly do: 'force'; readonly mode: Mode; readonly lasts?: number }
  | { readonly do: 'release' }
  | { readonly do: 'configure'; readonly patch: Partial<ModelSettings> }
  | { readonly do: 'continue' }

const way = fc.constantFrom(...WAYS)
const which = fc.nat({ max: 7 })
const mode = fc.constantFrom<Mode>('forced-open', 'forced-closed', 'disabled')
const doing = <const D extends string>(value: D): fc.Arbitrary<D> => fc.constant(value)

export const publicOperation: fc.Arbitrary<PublicOperation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: doing('start'), way }) },
  { weight: 10, arbitrary: fc.record({ do: doing('call'), way, heard }) },
  { weight: 8, arbitrary: fc.record({ do: doing('end'), which, heard }) },
  { weight: 2, arbitrary: fc.record({ do: doing('abort'), which }) },
  { weight: 12, arbitrary: fc.record({ do: doing('clock'), step }) },
  { weight: 1, arbitrary: fc.record({ do: doing('trip') }) },
  { weight: 1, arbitrary: fc.record({ do: doing('reset') }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { do: doing('force'), mode, lasts: fc.constantFrom(1, 10, 100, 1_000) },
      { requiredKeys: ['do', 'mode'] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: doing('release') }) },
  { weight: 1, arbitrary: fc.record({ do: doing('configure'), patch }) },
  { weight: 1, arbitrary: fc.record({ do: doing('continue') }) },
)
