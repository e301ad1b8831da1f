export { Marked, Pieces } from '../../components/marked.tsx';
