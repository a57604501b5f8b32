import { signal } from '@preact/signals'
import type {
  Applied,
  LogEntry,
  Operation,
  Result,
  Row,
  Undo,
  Write,
} from '../../src/admin/index.ts'
import { breakerPath, get, post } from '../api.ts'
import { rate, visible } from '../format.ts'
import { rowOf, showRows } from '../rows.ts'
import { addEntries } from '../state.ts'

/** What a control says before it does something. */
export interface Control {
  /** On buttons, before `…`. */
  readonly label: string
  readonly title: (name: string) => string
  /** What the button that does it says, before the time. */
  readonly verb: string
  readonly key?: string
  readonly tone: 'danger' | 'primary'
  /** Whether it asks for how long. */
  readonly lasts: boolean
  /** `until` is a time of day, or null for no end. */
  readonly effect: (row: Row, until: string | null) => string
}

const OVERRIDE = { lasts: true } as const
const ONCE = { lasts: false } as const

export const CONTROLS: Readonly<Record<Operation, Control>> = {
  'force-open': {
    ...OVERRIDE,
    label: 'Force open',
    title: (name) => `Force ${name} open`,
    verb: 'Force open',
    key: 'f',
    tone: 'danger',
    effect: (row, until) =>
      `${untilText(until)} every call is rejected at once${about(row.rates.calls)}. No probe goes out, so it can’t come back by itself before then.`,
  },
  'force-closed': {
    ...OVERRIDE,
    label: 'Force closed',
    title: (name) => `Force ${name} closed`,
    verb: 'Force closed',
    key: 'c',
    tone: 'danger',
    effect: (row, until) =>
      `${untilText(until)} every call passes, although it ${row.automatic === 'closed' ? 'may open underneath' : `is ${row.automatic} underneath`}.${row.rates.rejected > 0 ? ` About ${rate(row.rates.rejected)} calls per second that are rejected now will run.` : ''}`,
  },
  disable: {
    ...OVERRIDE,
    label: 'Disable',
    title: (name) => `Disable ${name}`,
    verb: 'Disable',
    tone: 'danger',
    effect: (_, until) =>
      `${untilText(until)} every call passes and nothing is recorded: it can’t open, and its evidence is as old as now when it is released.`,
  },
  release: {
    ...ONCE,
    label: 'Release',
    title: (name) => `Release ${name}`,
    verb: 'Release',
    key: 'r',
    tone: 'primary',
    effect: (row) =>
      `The automatic state decides again: it is ${row.automatic} now${row.automatic === 'closed' ? ', and calls pass' : row.automatic === 'open' ? ', and calls are rejected until a probe succeeds' : ', and probes pass'}.`,
  },
  trip: {
    ...ONCE,
    label: 'Trip',
    title: (name) => `Trip ${name}`,
    verb: 'Trip',
    key: 'x',
    tone: 'danger',
    effect: (row) =>
      `It opens now: calls are rejected${about(row.rates.calls)}. It recovers by itself: probes go out once its open time is over. To take it back is a reset, which does not bring back its evidence.`,
  },
  reset: {
    ...ONCE,
    label: 'Reset',
    title: (name) => `Reset ${name}`,
    verb: 'Reset',
    key: 'Shift+R',
    tone: 'primary',
    effect: () =>
      'It closes with fresh evidence. If what it guards is still down, calls fail until it opens again. This can’t be undone.',
  },
  configure: {
    ...ONCE,
    label: 'Configure',
    title: (name) => `Configure ${name}`,
    verb: 'Configure',
    tone: 'primary',
    effect: () => '',
  },
}

function untilText(until: string | null): string {
  return until === null ? 'Until somebody releases it,' : `Until ${until}`
}

function about(calls: number): string {
  return calls === 0 ? '' : `: about ${rate(calls)} per second`
}

/** What may be done to a breaker as it is, the usual first. */
export function operationsFor(row: Row): Operation[] {
  const all: Operation[] = ['force-open', 'force-closed', 'disable', 'trip', 'reset', 'configure']
  const mode = row.override?.mode
  if (mode === undefined) return all
  const same = { 'forced-open': 'force-open', 'forced-closed': 'force-closed', disabled: 'disable' }
  return ['release', ...all.filter((one) => one !== same[mode])]
}

/** The dialog that is open. */
export const asked = signal<{ readonly name: string; readonly operation: Operation } | undefined>(
  undefined,
)
/** What was done last, while it can be undone at once. */
export const done = signal<
  | {
      readonly name: string
      readonly entry: LogEntry
      readonly undo: Undo | null
      /** Of what was done in a whole fleet: who has applied it so far. */
      readonly applied: Applied | undefined
    }
  | undefined
>(undefined)

export function ask(name: string, operation: Operation): void {
  if (rowOf(name) !== undefined) asked.value = { name, operation }
}

/** @throws ApiError with status 412 if it was changed since `version` */
export async function perform(
  name: string,
  operation: Operation,
  body: Write,
  version: string,
): Promise<void> {
  const result = await post<Result>(breakerPath(name, `/${operation}`), body, version)
  showRows([result.row])
  addEntries([result.entry])
  done.value = { name, entry: result.entry, undo: result.undo, applied: result.applied }
  void follow(result.entry)
}

const LOOK_AGAIN = 500

/** Looks again who has applied it, while that is shown. */
async function follow(entry: LogEntry): Promise<void> {
  for (;;) {
    const { value } = done
    if (value?.entry !== entry || value.applied === undefined || value.applied.done) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN))
    const path = `operations/${value.applied.id}`
    const applied = await get<Applied>(path).catch(() => value.applied)
    if (done.value?.entry === entry) done.value = { ...done.value, applied }
  }
}

export async function undo(): Promise<void> {
  const { value } = done
  const row = value && rowOf(value.name)
  if (!value?.undo || row === undefined) return
  done.value = undefined
  await perform(value.name, value.undo.operation, value.undo.body, row.version)
}

/** What was done, in a few words. */
export function doneText(name: string, entry: LogEntry): string {
  return `${visible(name)} ${visible(entry.text)}`
}
