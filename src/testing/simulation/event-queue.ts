/** Something that happens at a moment of virtual time. */
export interface SimulatedEvent {
  at: number
  /** Set by the queue: events of one moment happen in the order in which they were added. */
  order: number
  happen(): void
}

/** Events by time: a binary heap. */
export class EventQueue {
  readonly #heap: SimulatedEvent[] = []
  #added = 0

  /** The event that is next, which stays in the queue. */
  get first(): SimulatedEvent | undefined {
    return this.#heap[0]
  }

  add(event: SimulatedEvent): void {
    event.order = this.#added++
    const heap = this.#heap
    let index = heap.length
    heap.push(event)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex] as SimulatedEvent
      if (!earlier(event, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = event
  }

  take(): SimulatedEvent | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      let child = heap[childIndex]
      if (child === undefined) break
      const right = heap[childIndex + 1]
      if (right !== undefined && earlier(right, child)) {
        child = right
        childIndex++
      }
      if (!earlier(child, last)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
    return first
  }
}

function earlier(a: SimulatedEvent, b: SimulatedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
