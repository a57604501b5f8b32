import type { FleetOperation } from '../index.ts'
import type { FleetCommand } from './store.ts'

/**
 * What was done by hand to the whole fleet and the store has not taken yet. Of each kind the last one is kept, in
 * order: those before would be undone by it, and an outage of the store may be long.
 */
export class PendingCommands {
  readonly #byKind = new Map<string, FleetCommand>()

  /** `process` is who did it where no one is named. */
  add(operation: FleetOperation, process: string): void {
    const command = commandOf(operation, process)
    const kind = kindOf(command)
    this.#byKind.delete(kind)
    this.#byKind.set(kind, command)
  }

  get first(): FleetCommand | undefined {
    return this.#byKind.values().next().value
  }

  get hasOverride(): boolean {
    return [...this.#byKind.values()].some(({ kind }) => kind === 'override')
  }

  /** The store has taken it. The same may have been done again meanwhile, perhaps for another reason. */
  delete(command: FleetCommand): void {
    const kind = kindOf(command)
    if (this.#byKind.get(kind) === command) this.#byKind.delete(kind)
  }
}

function commandOf(operation: FleetOperation, process: string): FleetCommand {
  const { by = process, reason = '', for: ms = 0 } = operation.why
  const said = { by, reason }
  if (operation.do === 'override') {
    return { kind: 'override', mode: operation.mode ?? null, for: ms, ...said }
  }
  return operation.do === 'trip'
    ? { kind: 'trip', for: ms, ...said }
    : { kind: operation.do, ...said }
}

function kindOf(command: FleetCommand): string {
  return command.kind === 'override' ? `override ${command.mode}` : command.kind
}
