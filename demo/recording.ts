import type { Display } from './screen.ts'
import type { Line } from './spans.ts'

/** The screen of a terminal at equal intervals, as it was drawn. */
export interface Recording {
  /** Characters in a line. */
  width: number
  everyMs: number
  frames: (readonly Line[])[]
}

/**
 * What is recorded: wide enough for the lanes, and as large as it is readable in a README. More frames a second make the
 * picture as much larger, and browsers work as much harder to play it.
 */
export const recorded = { width: 100, height: 40, everyMs: 500 } as const

/** Keeps what a terminal of that size would show. */
export function recordScreen(
  recording: Recording,
  now: () => number,
  picture: () => readonly Line[],
): Display {
  const record = () => {
    const due = Math.floor(now() / recording.everyMs)
    const frame = picture()
    // Where the process could not run in time, the screen would have stood still as well.
    while (recording.frames.length <= due) recording.frames.push(recording.frames.at(-1) ?? frame)
    recording.frames[due] = frame
  }
  record()
  const timer = setInterval(record, recording.everyMs / 2)
  return {
    stop() {
      clearInterval(timer)
      record()
    },
  }
}

/** Shows one more screen for some time. */
export function rest(recording: Recording, lines: readonly Line[], ms: number): void {
  for (let at = 0; at < ms; at += recording.everyMs) recording.frames.push(lines)
}
