import './styles/base.css';
import { applyTheme, chosenTheme } from './app/theme.ts';
import { loadFirstView } from './app/views.ts';
import { createSession, SIGN_OUTS } from './session/session.ts';
import { readSettings } from './session/settings.ts';
import { isArrival, startSession, takeFirstAddress } from './session/start.ts';
import { NOT_LOADED } from './texts/start.ts';

// All that signing in needs, and no more: it goes on while the browser loads and compiles what shows the console.
const RETRY_MS = 5_000;

const first = takeFirstAddress();
applyTheme(chosenTheme());

function place(): HTMLElement {
  const element = document.getElementById('console');
  if (element === null) throw new Error('index.html has no element with the id "console"');
  return element;
}

/** What shows the console. While it cannot be loaded the page says so, and tries again. */
async function loadApp(): Promise<typeof import('./app/show.tsx')> {
  for (;;) {
    try {
      return await import('./app/show.tsx');
    } catch {
      place().textContent = NOT_LOADED;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      place().textContent = '';
    }
  }
}

let app: ReturnType<typeof loadApp> | undefined;

function appOnce(): ReturnType<typeof loadApp> {
  app ??= loadApp();
  return app;
}

async function start(): Promise<void> {
  try {
    const settings = await readSettings();
    const session = createSession({
      settings,
      origin: location.origin,
      goTo: (url) => location.assign(url),
      signOuts: new BroadcastChannel(SIGN_OUTS),
    });
    // First of all, because the browser asks for six things at a time.
    const started = startSession(session, first);
    // By now the address is that of the view, also where a provider has led back.
    if (isArrival(first)) loadFirstView(location.pathname);
    await Promise.all([started, appOnce().then(({ showApp }) => showApp(place(), session))]);
  } catch {
    (await appOnce()).showUnreachable(place(), () => void start());
  }
}
void start();
