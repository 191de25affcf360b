"""What AWS accepts: closed sets, limits of single values, cron, images, runtimes. Imports no other room of core."""
