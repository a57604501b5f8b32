import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ConfigurePatch } from '../../src/index.ts'
import { ApiError, breakerPath, post } from '../api.ts'
import { detail } from '../breaker/detail.ts'
import { linesOf, show } from '../breaker/options.tsx'
import { visible } from '../format.ts'

/** Undefined for a text that is not an object with something in it. */
export function parsePatch(text: string): ConfigurePatch | undefined {
  try {
    const patch = JSON.parse(text)
    const isPatch = typeof patch === 'object' && patch !== null && !Array.isArray(patch)
    return isPatch && Object.keys(patch).length > 0 ? patch : undefined
  } catch {
    return undefined
  }
}

interface DryRun {
  readonly changed: Readonly<Record<string, unknown>>
  readonly lost: readonly string[]
}

const EXAMPLE = '{ "maxFailures": 10 }'
const PAUSE = 300

/** What is to be changed, and what that would do: the server is asked, and changes nothing. */
export function ConfigureFields({
  name,
  text,
  onText,
}: {
  name: string
  text: string
  onText: (text: string) => void
}): JSX.Element {
  const [answer, setAnswer] = useState<DryRun | string | undefined>(undefined)
  const patch = parsePatch(text)
  const before = detail.value?.row.name === name ? detail.value.snapshot.options : {}
  useEffect(() => {
    setAnswer(undefined)
    if (patch === undefined) return
    const timer = setTimeout(() => {
      post<DryRun>(breakerPath(name, '/configure', { dry: '1' }), { reason: 'dry run', patch }, '*')
        .then(setAnswer)
        .catch((error: unknown) => {
          setAnswer(error instanceof ApiError ? error.message : 'There was no answer.')
        })
    }, PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div>
      <label>
        What to change <small>options as JSON; null puts one back to its default</small>
        <textarea
          class="code"
          spellcheck={false}
          value={text}
          placeholder={EXAMPLE}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      </label>
      <div class="dry" aria-live="polite">
        {text.trim() !== '' && patch === undefined && <p class="faint">Not an object yet.</p>}
        {typeof answer === 'string' && <p class="problem">{visible(answer)}</p>}
        {typeof answer === 'object' && <Difference before={before} answer={answer} />}
      </div>
    </div>
  )
}

function Difference({
  before,
  answer: { changed, lost },
}: {
  before: Readonly<Record<string, unknown>>
  answer: DryRun
}): JSX.Element {
  const was = new Map(linesOf(before))
  const lines = linesOf(changed).filter(([path, value]) => {
    return JSON.stringify(was.get(path) ?? null) !== JSON.stringify(value ?? null)
  })
  if (lines.length === 0) return <p class="faint">That changes nothing.</p>
  return (
    <>
      <dl class="options">
        {lines.map(([path, value]) => (
          <div key={path}>
            <dt>{path}</dt>
            <dd>
              {show(path, was.get(path) ?? null)} → <b>{show(path, value ?? null)}</b>
            </dd>
          </div>
        ))}
      </dl>
      <p class="faint">
        {lost.length === 0 ? 'No evidence is lost.' : `Lost: ${lost.join(', ')}.`}
      </p>
    </>
  )
}
