using CubeFunctions;
using CubeFunctions.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.AddCubeFunctions();
builder.AddTelemetry();
builder.Build().Run();
