"""EventBridge Scheduler and SNS: schedules that fire in their zone, topics whose messages are kept."""
