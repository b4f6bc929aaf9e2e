using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>
/// The host's door to a worker: finds the function of a path and asks for a key of it, as Azure does. A wrong key is 401 without a body.
/// </summary>
internal sealed class FunctionsFront : IAsyncDisposable
{
    private static readonly string[] Copied = ["Location", "Retry-After", "ETag"];
    private readonly WebApplication _web;

    private FunctionsFront(WebApplication web) => _web = web;

    public string Address => _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <param name="host">The worker's host.</param>
    /// <param name="hasKey">Whether a key is one of a function.</param>
    public static async Task<FunctionsFront> StartAsync(FunctionsHost host, Func<string, string, bool> hasKey)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        web.Run(async context =>
        {
            var function = host.Functions.SingleOrDefault(function =>
                function.TriggerType == "httpTrigger"
                && function.Methods.Contains(context.Request.Method, StringComparer.OrdinalIgnoreCase)
                && new TemplateMatcher(TemplateParser.Parse($"api/{function.Route}"), []).TryMatch(context.Request.Path, [])
            );
            if (
                function is null
                || (
                    FunctionInfo.Text(function.Trigger, "authLevel") == "Function"
                    && !hasKey(function.Name, context.Request.Headers["x-functions-key"].ToString())
                )
            )
            {
                context.Response.StatusCode = function is null ? StatusCodes.Status404NotFound : StatusCodes.Status401Unauthorized;
                return;
            }

            using var answer = await host.SendHttpAsync(function.Name, await CopyAsync(context.Request));
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            foreach (var name in Copied.Where(answer.Headers.Contains))
            {
                context.Response.Headers[name] = string.Join(',', answer.Headers.GetValues(name));
            }

            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        await web.StartAsync(TestContext.Current.CancellationToken);
        return new FunctionsFront(web);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private static async Task<HttpRequestMessage> CopyAsync(HttpRequest request)
    {
        var copy = new HttpRequestMessage(new HttpMethod(request.Method), request.Path + request.QueryString.Value);
        if (request.ContentLength > 0)
        {
            var body = new MemoryStream();
            await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
            copy.Content = new ByteArrayContent(body.ToArray())
            {
                Headers = { ContentType = MediaTypeHeaderValue.Parse(request.ContentType!) },
            };
            copy.Headers.Add("Idempotency-Key", request.Headers["Idempotency-Key"].ToString());
        }

        return copy;
    }
}
