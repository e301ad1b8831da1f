import { createRoot } from 'react-dom/client';
import '../src/styles/base.css';
import { Gallery } from './gallery.tsx';

const root = document.getElementById('gallery');
if (root === null) throw new Error('index.html has no element with the id "gallery"');
createRoot(root).render(<Gallery />);
