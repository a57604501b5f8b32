import { render } from 'preact'
import { App } from './app.tsx'
import { connect } from './connection.ts'
import './styles.css'

// First, so that the process answers while the frame of the page is drawn.
void connect()
render(<App />, document.getElementById('app') as HTMLElement)
