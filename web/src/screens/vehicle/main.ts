import { createApp } from 'vue';
import '../../text/english';
import '../../ui/base.css';
import { startFlash } from '../../ui/flash';
import App from './App.vue';

document.documentElement.dataset.screen = 'terminal'; // its night is darker: see tokens.css
createApp(App).mount('#app');
startFlash();
// The shell must open again while the tablet is away from the vehicle. Only there over HTTPS and on localhost.
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/vehicle-sw.js').catch(() => undefined);
