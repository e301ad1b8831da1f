import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles/base.css';
import { App } from './app/app.tsx';

const root = document.getElementById('console');
if (root === null) throw new Error('index.html has no element with the id "console"');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
