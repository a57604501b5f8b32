import { useSignalEffect } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { Dialog } from './actions/dialog.tsx'
import { Menu } from './actions/menu.tsx'
import { Toast } from './actions/toast.tsx'
import { Announcer } from './announcer.tsx'
import { Banners, Live } from './banners.tsx'
import { BreakerPage } from './breaker/breaker-page.tsx'
import { isStale, rejected } from './connection.ts'
import { FleetPage } from './fleet/fleet-page.tsx'
import { visible } from './format.ts'
import { listenToKeys, ShortcutsDialog, showsKeys } from './keys.tsx'
import { ListPage } from './list/list-page.tsx'
import { LogPage } from './log-page.tsx'
import { route } from './route.ts'
import { SignIn } from './sign-in.tsx'
import { counts, session } from './state.ts'
import { SwitchIcon } from './state-badge.tsx'
import { switchTheme } from './theme.ts'

const PLACES = { list: '', fleet: 'Fleet · ', log: 'Log · ' } as const

export function App(): JSX.Element {
  useEffect(listenToKeys, [])
  useSignalEffect(() => {
    const { value } = route
    const open = counts.value?.byClass[0] ?? 0
    const place = value.page === 'breaker' ? `${value.name} · ` : PLACES[value.page]
    const title = `${open > 0 ? `${open} in trouble · ` : ''}${place}short-circuit`
    if (document.title !== title) document.title = title
    paintIcon(open > 0)
  })
  return (
    <>
      <a class="skip" href="#main" onClick={focusMain}>
        Skip to the content
      </a>
      <Top />
      <main id="main" class={isStale.value ? 'wrap stale' : 'wrap'} tabIndex={-1}>
        {rejected.value === undefined ? (
          <>
            <Banners />
            <div class="content">
              <Page />
            </div>
          </>
        ) : (
          <SignIn problem={rejected.value} />
        )}
        <Menu />
      </main>
      <Dialog />
      <ShortcutsDialog />
      <Toast />
      <Announcer />
    </>
  )
}

function Page(): JSX.Element {
  const { value } = route
  if (value.page === 'breaker') return <BreakerPage key={value.name} name={value.name} />
  if (value.page === 'fleet') return <FleetPage />
  return value.page === 'log' ? <LogPage /> : <ListPage />
}

function focusMain(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Top(): JSX.Element {
  const { page } = route.value
  const process = session.value?.process
  const where = [process?.name, process?.environment].filter((text) => !!text)
  return (
    <header class="top">
      <div class="wrap">
        <a class="brand" href="#/" aria-label="short-circuit, all breakers">
          <SwitchIcon badge="open" size={28} />
          <span>short-circuit</span>
        </a>
        {process !== undefined && (
          <span class="where">
            {where.map((text) => `${visible(text ?? '')} · `)}
            <code>{visible(process.id)}</code>
          </span>
        )}
        <nav class="tabs" aria-label="Pages">
          <a href="#/" aria-current={page === 'log' || page === 'fleet' ? undefined : 'page'}>
            Breakers
          </a>
          {session.value?.fleet && (
            <a href="#/fleet" aria-current={page === 'fleet' ? 'page' : undefined}>
              Fleet
            </a>
          )}
          <a href="#/log" aria-current={page === 'log' ? 'page' : undefined}>
            Log
          </a>
        </nav>
        <div class="tools">
          <Live />
          {session.value?.by && (
            <span class="who">
              signed in as <b>{visible(session.value.by)}</b>
            </span>
          )}
          <button
            type="button"
            class="icon keys-button"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={() => {
              showsKeys.value = true
            }}
          >
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
              <rect x="1" y="3.5" width="14" height="9" rx="2" />
              <path d="M4 6.5h.1M7 6.5h.1M10 6.5h.1M12.5 6.5h.1M4.5 9.7h7" />
            </svg>
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Light or dark"
            title="Light or dark (t)"
            onClick={switchTheme}
          >
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
              <circle cx="8" cy="8" r="6.2" />
              <path class="solid" d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" />
            </svg>
          </button>
        </div>
      </div>
    </header>
  )
}

const CALM = '%237c8794'
const ALARM = '%23cf2e25'

/** Red while a breaker needs attention. */
function paintIcon(isAlarm: boolean): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  if (link === null) return
  const [from, to] = isAlarm ? [CALM, ALARM] : [ALARM, CALM]
  if (link.href.includes(from)) link.href = link.href.replaceAll(from, to)
}
