import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles/base.css';
import { App } from './app/app.tsx';
import { applyTheme, chosenTheme } from './app/theme.ts';
import { Unreachable } from './app/unreachable.tsx';
import { createSession } from './session/session.ts';
import { readSettings } from './session/settings.ts';
import { startSession, takeFirstAddress } from './session/start.ts';

const first = takeFirstAddress();
applyTheme(chosenTheme());
const place = document.getElementById('console');
if (place === null) throw new Error('index.html has no element with the id "console"');
const root = createRoot(place);

async function start(): Promise<void> {
  try {
    const settings = await readSettings();
    const session = createSession({ settings, origin: location.origin, goTo: (url) => location.assign(url) });
    root.render(
      <StrictMode>
        <App session={session} />
      </StrictMode>,
    );
    await startSession(session, first);
  } catch {
    root.render(
      <StrictMode>
        <Unreachable retry={() => void start()} />
      </StrictMode>,
    );
  }
}
void start();
