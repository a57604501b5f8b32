import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { Detail, Row } from '../../src/admin/index.ts'
import { visible } from '../format.ts'
import { badgeOf, toneOf } from '../state-badge.tsx'

/** What says most: for how long, until when, and how many failed. */
const FACTS =
  /(?:open|half-open|closed) for [\d.]+ (?:ms|s|min|h|days?)|\bin [\d.]+ (?:ms|s|min|h)\b|[\d,]+ of [\d,]+ calls \([^)]*\) (?:failed|were slow)|[\d,]+ calls? failed(?: in a row)?|forced (?:open|closed)|disabled/g

export function Explanation({ detail, row }: { detail: Detail; row: Row }): JSX.Element {
  const { text } = detail.explanation
  return (
    <section class="card o1" aria-label="Explanation">
      <div class={`explain ${toneOf(badgeOf(row))}`}>
        {paragraphsOf(text).map((paragraph) => (
          <p key={paragraph.slice(0, 40)}>{marked(paragraph, errorsOf(detail))}</p>
        ))}
        <div class="tools">
          <button type="button" class="button small" onClick={() => copyExplanation(text)}>
            {copied.value === 'text' ? 'Copied' : 'Copy for the incident channel'}
          </button>
          <button
            type="button"
            class="button small quiet"
            onClick={() => copy('link', location.href)}
          >
            {copied.value === 'link' ? 'Copied' : 'Copy link'}
          </button>
          <button
            type="button"
            class="button small quiet"
            onClick={() => copy('json', JSON.stringify(detail.snapshot, null, 2))}
          >
            {copied.value === 'json' ? 'Copied' : 'Copy as JSON'}
          </button>
        </div>
      </div>
    </section>
  )
}

/** What calls meet now, then why. */
function paragraphsOf(text: string): string[] {
  const at = text.search(/ (?:It (?:first |last )?opened|Underneath it) /)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** Errors are shown as they were written. */
function errorsOf({ snapshot }: Detail): string[] {
  const trip = snapshot.trips.at(-1)
  const failures = [...(trip?.failures ?? []), trip?.probeFailure].filter((one) => !!one)
  return failures.map(({ message }) => message).filter((message) => message.length > 3)
}

function marked(text: string, errors: readonly string[]): (string | JSX.Element)[] {
  const pieces: (string | JSX.Element)[] = []
  const escaped = errors.map((error) => error.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const codes = [...new Set(escaped)].map((error) => `[\\w.]*(?: \\([\\w.]+\\))?: ${error}`)
  const pattern = new RegExp([...codes, FACTS.source].join('|'), 'g')
  let end = 0
  for (const match of text.matchAll(pattern)) {
    pieces.push(visible(text.slice(end, match.index)))
    const isCode = codes.length > 0 && new RegExp(`^(?:${codes.join('|')})$`).test(match[0])
    const Tag = isCode ? 'code' : 'b'
    pieces.push(<Tag key={match.index}>{visible(match[0])}</Tag>)
    end = match.index + match[0].length
  }
  pieces.push(visible(text.slice(end)))
  return pieces
}

const copied = signal('')

async function copy(what: string, text: string): Promise<void> {
  await navigator.clipboard.writeText(text).catch(() => copyOldWay(text))
  copied.value = what
  setTimeout(() => {
    copied.value = ''
  }, 2_000)
}

/** Pages that do not come over HTTPS have no clipboard. */
function copyOldWay(text: string): void {
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

export function copyExplanation(text: string): void {
  void copy('text', `${text}\n${location.href}`)
}
