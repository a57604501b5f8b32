import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { type ApiError, signIn } from './api.ts'
import { reconnect } from './connection.ts'
import { visible } from './format.ts'

/** What is shown instead of everything to whom the process does not let in. */
export function SignIn({ problem }: { problem: ApiError }): JSX.Element {
  const [token, setToken] = useState('')
  const [remember, setRemember] = useState(false)
  if (problem.status !== 401) {
    return (
      <div class="list empty lone">
        <h1>{visible(problem.body.title ?? 'Not allowed')}</h1>
        <p>{visible(problem.message)}</p>
        {problem.body.hint !== undefined && <p>{visible(problem.body.hint)}</p>}
      </div>
    )
  }
  return (
    <form
      class="list empty lone sign-in"
      onSubmit={(event) => {
        event.preventDefault()
        signIn(token.trim(), remember)
        reconnect()
      }}
    >
      <h1>Sign in</h1>
      <p>
        The process does not know who you are. With a token of its <code>bearer()</code>, sign in
        here; otherwise come by the proxy that signs people in.
      </p>
      <label>
        Token
        <input
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={remember}
          onChange={({ currentTarget }) => setRemember(currentTarget.checked)}
        />
        Remember it for this tab
      </label>
      <button type="submit" class="button primary">
        Sign in
      </button>
    </form>
  )
}
