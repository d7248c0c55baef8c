def greet(event, context):
    return {"greeting": f"hello {event['name']}", "by": context.function_name}
