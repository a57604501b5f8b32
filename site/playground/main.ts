// The playground: a breaker of the built package, a dependency that the visitor makes fail, and the
// same in virtual time.
import { CircuitBreaker, isCircuitOpenError } from 'short-circuit'
import { callDependency } from './dependency.ts'
import { type Change, type Dot, plot, SPAN } from './plot.ts'
import { POLICIES, type Settings } from './policies.ts'
import { showSimulation } from './simulation.ts'

/** Values of the sliders by the buttons of the dependency. */
const DEPENDENCIES: Readonly<Record<string, { failing: string; latency: string }>> = {
  ok: { failing: '0', latency: '2' },
  fails: { failing: '100', latency: '2' },
  half: { failing: '50', latency: '2' },
  slow: { failing: '0', latency: '3.4' },
}

/** Starts it on a page that has its elements; returns what stops it. */
export function startPlayground(): () => void {
  const field = <T extends HTMLElement = HTMLInputElement>(id: string) =>
    document.getElementById(id) as T
  const select = field<HTMLSelectElement>('policy')
  select.append(...Object.keys(POLICIES).map((text) => new Option(text)))

  let dots: Dot[] = []
  let changes: Change[] = []
  let settings = readSettings()
  let breaker = createBreaker()
  let stopped = false

  function readSettings(): Settings {
    const timeout = field('timeout').checked ? { callTimeout: 1_000 } : {}
    return {
      failing: field('failing').valueAsNumber / 100,
      latency: Math.round(10 ** field('latency').valueAsNumber),
      callsPerSecond: field('rate').valueAsNumber,
      options: { ...POLICIES[select.value], ...timeout },
    }
  }

  function createBreaker(): CircuitBreaker {
    const created = new CircuitBreaker({ name: 'playground', ...settings.options })
    changes = [{ at: performance.now(), state: created.state }]
    const note = () => {
      const { state } = created.snapshot()
      if (changes.at(-1)?.state !== state) changes.push({ at: performance.now(), state })
      field('state').textContent = created.snapshot().override ? `${state}, by hand` : state
    }
    created.on('transition', note)
    created.on('override', note)
    note()
    return created
  }

  async function call(): Promise<void> {
    const began = performance.now()
    const done = (kind: Dot['kind']) => {
      const at = performance.now()
      dots.push({ at, took: at - began, kind })
    }
    await breaker
      .run((signal) => callDependency(settings, signal))
      .then(
        () => done('success'),
        (error) => done(isCircuitOpenError(error) ? 'rejected' : 'failure'),
      )
  }

  function show(): void {
    for (const [id, text] of [
      ['failing', `${Math.round(settings.failing * 100)} %`],
      [
        'latency',
        settings.latency < 1_000 ? `${settings.latency} ms` : `${settings.latency / 1_000} s`,
      ],
      ['rate', `${settings.callsPerSecond}`],
    ] as const) {
      const output = document.querySelector(`output[for="${id}"]`)
      if (output) output.textContent = text
      field(id).setAttribute('aria-valuetext', text)
    }
    showSimulation(field('simulation'), settings)
  }

  function draw(): void {
    if (stopped) return
    const now = performance.now()
    dots = dots.filter(({ at }) => at > now - SPAN)
    changes = changes.filter((_, index) => (changes[index + 1]?.at ?? now) > now - SPAN)
    plot(field<HTMLCanvasElement>('live'), now, dots, changes)
    const { counts } = breaker.snapshot()
    const rejected = Object.values(counts.rejected).reduce((sum, count) => sum + count, 0)
    field('counts').textContent =
      `${counts.success} succeeded, ${counts.failure} failed, ${rejected} rejected`
    field('explanation').textContent = breaker.explain().text
  }

  const onInput = (event: Event) => {
    settings = readSettings()
    const { id } = event.target as HTMLElement
    if (id === 'policy' || id === 'timeout') breaker = createBreaker()
    show()
  }
  const onClick = (event: Event) => {
    const { act, dependency } = (event.target as HTMLElement).dataset
    if (act === 'trip') breaker.trip('by hand')
    if (act === 'reset') breaker.reset()
    if (act === 'forceOpen') breaker.forceOpen({ reason: 'by hand' })
    if (act === 'release') breaker.release()
    const chosen = dependency === undefined ? undefined : DEPENDENCIES[dependency]
    if (chosen === undefined) return
    field('failing').value = chosen.failing
    field('latency').value = chosen.latency
    onInput(event)
  }
  const root = field<HTMLElement>('play')
  root.addEventListener('input', onInput)
  root.addEventListener('click', onClick)

  let timer: ReturnType<typeof setTimeout>
  const next = () => {
    void call()
    // At random moments, as users come.
    timer = setTimeout(next, -Math.log(1 - Math.random()) * (1_000 / settings.callsPerSecond))
  }
  next()
  show()
  draw()
  const frames = setInterval(() => requestAnimationFrame(draw), 100)
  return () => {
    stopped = true
    clearTimeout(timer)
    clearInterval(frames)
  }
}
