import type { Member } from './member.ts'

/** The breakers that go by one client, by their names. Those that the program drops are freed. */
export class Members {
  readonly #byName = new Map<string, Set<WeakRef<Member>>>()

  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  add(member: Member): void {
    const same = this.#byName.get(member.name) ?? new Set()
    this.#byName.set(member.name, same.add(new WeakRef(member)))
  }

  *named(name: string): IterableIterator<Member> {
    const members = this.#byName.get(name)
    for (const ref of members ?? []) {
      const member = ref.deref()
      if (member === undefined) members?.delete(ref)
      else yield member
    }
    if (members?.size === 0) this.#byName.delete(name)
  }

  *all(): IterableIterator<Member> {
    for (const name of [...this.#byName.keys()]) yield* this.named(name)
  }
}
