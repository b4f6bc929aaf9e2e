using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;

namespace CubeFunctions.Tests.Support;

/// <summary>
/// Asks for keys as the Functions host does: each function that is not anonymous has its own, here one for those that read and one for
/// those that act.
/// </summary>
internal static class FunctionKeys
{
    internal static readonly Dictionary<(string Method, string Route), AuthorizationLevel> Levels = typeof(OperationFunctions)
        .Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .SelectMany(method => method.GetParameters())
        .Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>())
        .OfType<HttpTriggerAttribute>()
        .ToDictionary(trigger => (trigger.Methods!.Single().ToUpperInvariant(), $"/api/{trigger.Route}"), trigger => trigger.AuthLevel);

    public static void UseFunctionKeys(this WebApplication web, string readKey, string actKey) =>
        web.Use(
            (context, next) =>
            {
                var level = context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route }
                    ? Levels[(context.Request.Method, route)]
                    : AuthorizationLevel.Function;
                var key = context.Request.Method == HttpMethods.Get ? readKey : actKey;
                if (level == AuthorizationLevel.Anonymous || context.Request.Headers["x-functions-key"] == key)
                {
                    return next(context);
                }

                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return Task.CompletedTask;
            }
        );
}
