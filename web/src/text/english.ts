// English at once: for the page that must have it without the network, and for tests.
import { en } from './en';
import { addEnglish } from './t';

addEnglish(en);
