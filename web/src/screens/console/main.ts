import { createApp } from 'vue';
import '../../ui/base.css';
import { startFlash } from '../../ui/flash';
import { languageReady } from '../../ui/lang';
import App from './App.vue';

void languageReady().then(() => createApp(App).mount('#app'));
startFlash();
