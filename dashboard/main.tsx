import { render } from 'preact'
import { App } from './app.tsx'
import { connect } from './connection.ts'
import './styles.css'

render(<App />, document.getElementById('app') as HTMLElement)
void connect()
