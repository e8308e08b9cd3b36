import { suite } from './support/suite.mjs';

await suite('gemini');
